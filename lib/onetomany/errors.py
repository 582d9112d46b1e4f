"""The errors that a reader may meet: one sentence each, saying what is wrong, where, what to do."""


class OneToManyError(Exception):
    """Any refusal of the kit; its text is one clear sentence."""


class DatasheetError(OneToManyError):
    """An image set has no datasheet, or one that is incomplete, expired or contradicted."""


class IntegrityError(OneToManyError):
    """A file is not the one that was registered (SHA-256 differs, or it is missing)."""


class InputError(OneToManyError):
    """An input that the kit never accepts (URL, camera, stream) or can't read."""


class EnrolmentError(OneToManyError):
    """Templates that can't be enrolled: duplicate ids, wrong dimension, mixed models, withdrawn."""


class RefusedError(OneToManyError):
    """Something the kit does on principle not do, such as telling race or emotion from a face."""
