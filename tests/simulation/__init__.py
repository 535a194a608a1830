"""Random worlds with random trouble, and an independent, naive model that must hold after every step.

- ``truth``: what is so in the world, whatever anybody calls it; the extracts that tell of it; what renames do;
- ``play``: the steps, one after another; what they share is in ``stage``, and who makes them in ``secretaries`` (deposits),
  ``nights`` (runs, clocks), ``troubles`` (what runs meet) and ``operators`` (extracts, receivers, clerks);
- ``places``, ``machines``: where inbox and outbox lie, who does the work, when that is not this machine;
- ``model``: what must hold, from files alone: sets and sums, no pandas, no code of the program but the names of folders.

`python -m tests.simulation --seed N --steps N` plays one world; `make simulate` plays many.
"""
