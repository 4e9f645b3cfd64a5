"""``python -m jdaviz_stage3`` is the ``jdaviz-stage3`` command."""

import sys

from .cli import main

sys.exit(main())
