"""What a host does with a show, and what other rooms ask about it."""

from livecommerce.shows.service.crew import Crew
from livecommerce.shows.service.desk import ShowDesk
from livecommerce.shows.service.lifecycle import Lifecycle
from livecommerce.shows.service.lineup import Lineup
from livecommerce.shows.service.pinning import Pinning
from livecommerce.shows.service.schedule import Schedule
from livecommerce.shows.service.watching import Watching


class ShowService(Schedule, Lifecycle, Lineup, Pinning, Crew, Watching):
    """Everything that can be done with shows; one module per use."""


__all__ = ["ShowDesk", "ShowService"]
