-- The tables of the flash sale: seckill.rpc's own database. docs/shop.md walks through them.

CREATE DATABASE IF NOT EXISTS `seckill` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
USE `seckill`;

-- What is for sale. `remaining` is the truth: it goes down only where it is above 0, with a row of `purchase`.
CREATE TABLE `stock` (
  `proid` bigint NOT NULL COMMENT '商品ID',
  `price` decimal(20,2) NOT NULL COMMENT '秒杀价, 单位-元, 保留两位小数',
  `total` int NOT NULL COMMENT '总件数',
  `remaining` int NOT NULL COMMENT '剩余件数',
  `start_time` datetime NULL COMMENT '开始时间, 包含; NULL 为已经开始',
  `end_time` datetime NULL COMMENT '结束时间, 不包含; NULL 为不结束',
  PRIMARY KEY (`proid`),
  CONSTRAINT `ck_stock_remaining` CHECK (`remaining` BETWEEN 0 AND `total`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='秒杀库存表';

-- Who has got one. The primary key is what makes it one for each user.
CREATE TABLE `purchase` (
  `userid` bigint NOT NULL COMMENT '用户ID',
  `proid` bigint NOT NULL COMMENT '商品ID',
  `status` tinyint NOT NULL DEFAULT 1 COMMENT '状态: 1-下单中,2-已下单,3-未能下单,4-未付款已关闭',
  `orderid` varchar(64) NOT NULL DEFAULT '' COMMENT '订单ID, 已下单或已关闭时',
  `create_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT '创建时间',
  `update_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT '更新时间',
  PRIMARY KEY (`userid`, `proid`),
  KEY `ix_proid` (`proid`),
  CONSTRAINT `ck_purchase_status` CHECK (`status` IN (1, 2, 3, 4))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='秒杀资格表';

-- The messages for seckill_queue, as `mallgen rmq outbox` prints their tables.
CREATE TABLE `mallgen_outbox` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `service` varchar(255) NOT NULL,
  `topic` varchar(255) NOT NULL,
  `message_key` varbinary(1024),
  `value` longblob NOT NULL,
  `headers` longblob NOT NULL,
  `created` double NOT NULL,
  `attempts` int NOT NULL,
  `problem` varchar(255) NOT NULL,
  PRIMARY KEY (`id`)
);
CREATE TABLE `mallgen_outbox_relay` (
  `id` int NOT NULL,
  `owner` varchar(64) NOT NULL,
  `until` double NOT NULL,
  PRIMARY KEY (`id`)
);
