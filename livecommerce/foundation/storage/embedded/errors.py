"""The one error of the embedded servers."""

from livecommerce.foundation.core.errors import ConfigurationError


class EmbeddedServerError(ConfigurationError):
    """The embedded PostgreSQL and Valkey cannot be used here."""

    code = "embedded_servers"
