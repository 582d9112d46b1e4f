"""Name the functions that a system may have, in this kit's tables and case folders."""

FUNCTIONS = ("1:1", "1:N", "tracking", "behaviour")
