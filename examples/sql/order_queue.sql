-- The tables of order_queue.rmq: a queue has no delay, so what is due later waits in a row.

CREATE DATABASE IF NOT EXISTS `order_queue` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
USE `order_queue`;

CREATE TABLE `timer` (
  `requestid` varchar(64) NOT NULL COMMENT '下单请求ID',
  `due` datetime NOT NULL COMMENT '到期时间, 那时仍未付款的订单被关闭',
  `userid` bigint NOT NULL DEFAULT 0 COMMENT '秒杀订单的用户ID, 其他订单为 0',
  `proid` bigint NOT NULL DEFAULT 0 COMMENT '秒杀订单的商品ID, 其他订单为 0',
  PRIMARY KEY (`requestid`),
  KEY `ix_due` (`due`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='订单到期表';
