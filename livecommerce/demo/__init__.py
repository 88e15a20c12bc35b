"""`livecommerce demo`: a shop, a show, its host and simulated viewers, all of them clients of the public interface."""
