"""Follow people: tracks within one camera, links across cameras, and the errors of both."""
