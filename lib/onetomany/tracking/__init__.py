"""Following people: tracks within one camera, links across cameras, and how far both are wrong."""
