"""``python -m okrsync``."""

import sys

from okrsync.cli import main

sys.exit(main())
