"""UniProt: entries, labels, data sets and the download (chapter 3)."""
