"""What people do in a chat: one module per use."""

from livecommerce.chat.service.chat import ChatService
from livecommerce.chat.service.posting import Post
from livecommerce.chat.service.reactions import Reactions

__all__ = ["ChatService", "Post", "Reactions"]
