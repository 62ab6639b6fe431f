"""What a catalogue is worth: scores of its items, near-duplicates, and the verdict on a whole folder; no calls."""
