"""All benchmarks, each as ratios within one run: `python -m bench`."""

import subprocess
import sys

for name in ("reading", "extract", "safety", "pages"):
    print(f"--- {name}", flush=True)
    subprocess.run([sys.executable, "-m", f"bench.{name}"], check=True)
