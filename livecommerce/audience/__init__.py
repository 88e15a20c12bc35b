"""Being there: joining and resuming a show, its snapshot, who is watching."""
