"""Everything that people open: returns, the clerk's workbook, the reviewer's pages, the template."""
