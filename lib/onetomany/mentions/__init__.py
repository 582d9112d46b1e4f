"""Find dates, laws, quantities, organisations and persons in texts; no case file is needed."""
