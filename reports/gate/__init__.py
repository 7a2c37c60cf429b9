"""What a briefing must be before anybody gets it: its words by the rules, its numbers from the facts, its pages whole."""
