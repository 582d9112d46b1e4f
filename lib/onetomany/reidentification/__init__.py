"""How few columns single people out, and what joins to them: microdata -> risk."""
