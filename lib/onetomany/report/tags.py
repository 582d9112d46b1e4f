"""Tags of notebook cells that the kit reads."""

EXERCISE = "exercise"  # a question to participants of a workshop
ANSWER = "answer"  # with EXERCISE: its answer, folded away until asked for
EXPERT = "expert"  # from here to the end a chapter is folded: how its figures were measured
REPORT_ONLY = "report-only"  # shows what a control in JupyterLab shows too: a copy leaves it out
