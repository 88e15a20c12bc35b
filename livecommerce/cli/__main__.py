import sys

from livecommerce.cli.app import main

sys.exit(main())
