"""What happened, told to everybody: the event log of a show, the bus between processes, the hub, the gateway."""
