"""Tables of a small shop, and rows of its products."""

from typing import Any

from tests.admin.service import AdminService

DDL = """CREATE TABLE `category` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `name` varchar(50) NOT NULL COMMENT 'as customers see it',
  PRIMARY KEY (`id`)
) COMMENT='商品分类表';

-- mallgen:version version
-- mallgen:list stocked by status, sort stock
CREATE TABLE `product` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `cateid` bigint NOT NULL COMMENT 'category',
  `name` varchar(60) NOT NULL,
  `image` varchar(500) NOT NULL DEFAULT '',
  `detail` text,
  `price` decimal(20,2) NOT NULL DEFAULT 0 COMMENT 'in yuan',
  `stock` int NOT NULL DEFAULT 0,
  `status` tinyint NOT NULL DEFAULT 1 COMMENT '1:on sale 2:off sale',
  `version` int NOT NULL DEFAULT 0,
  `create_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_name` (`name`),
  KEY `ix_status_stock` (`status`, `stock`),
  CONSTRAINT `fk` FOREIGN KEY (`cateid`) REFERENCES `category` (`id`)
);
"""


def new_product(service: AdminService, **values: Any) -> Any:
    """Make a product."""
    said = service.ask("POST", "/v1/product", {"cateid": 1, "price": "9.90", **values})
    assert said.status == 201, said.body
    return said.json
