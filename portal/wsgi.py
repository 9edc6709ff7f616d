"""What gunicorn serves. Threads of one process share a pool of database connections."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
os.environ.setdefault("DATABASE_POOL_SIZE", "8")
os.environ.setdefault("DATABASE_STATEMENT_TIMEOUT", "60")

application = get_wsgi_application()
