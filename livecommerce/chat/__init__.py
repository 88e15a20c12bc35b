"""What people say in a show: messages, replies, reactions, the held queue, hiding."""
