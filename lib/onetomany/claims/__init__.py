"""Claims: who said what and when, which claims contradict each other, and the law on a day."""
