"""What the tags of a notebook's cells mean to the kit."""

EXERCISE = "exercise"  # a question to participants of a workshop
ANSWER = "answer"  # beside EXERCISE: its answer, folded away until asked for
