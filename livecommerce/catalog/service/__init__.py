"""What staff do with the catalogue, and what higher rooms ask of it."""

from livecommerce.catalog.service.drafts import ProductDraft, VariantDraft
from livecommerce.catalog.service.imports import CsvImport, ImportReport
from livecommerce.catalog.service.products import CatalogService

__all__ = ["CatalogService", "CsvImport", "ImportReport", "ProductDraft", "VariantDraft"]
