"""The book's figures: style, structures, training, gates and scores."""
