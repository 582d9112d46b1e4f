"""Names of the files in a bundle that sealing, adding and checking share."""

SEAL = "seal"
SIGNED = "tagmanifest-sha256.txt"  # the signed and time-stamped file
SIGNATURE, PUBLIC_KEY = f"{SEAL}/tagmanifest-sha256.sig", f"{SEAL}/public-key.pem"
REQUEST, AFTER = f"{SEAL}/tagmanifest-sha256.tsq", f"{SEAL}/custody.jsonl"
LOG_SIGNATURE = f"{SEAL}/custody.sig"  # over the first line of AFTER
DECLARATION, HELD_BACK = "bagit.txt", "bagit.txt.part"
KEY_FIELD, UNSIGNED = "Signing-Key-SHA256", "none"  # in bag-info.txt
PART = ".part"  # the end of a name until the file is whole


def signer_file(fingerprint: str) -> str:
    """Return the path of the public key of a later line's signer in the bundle."""
    return f"{SEAL}/key-{fingerprint}.pem"
