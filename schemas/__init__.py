"""What is true: the fields, the shapes of tables, the rules. Imports pandas, pandera and the standard library only."""
