-- The tables of the shop: one database for each service, and no service reads another's.
-- Times are UTC to the second, as the contracts send them; every id is a signed bigint, as int64 in the contracts.
-- docs/article-tables.md lists what was changed from the article, and why.

-- user.rpc
CREATE DATABASE IF NOT EXISTS `user` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
USE `user`;

CREATE TABLE `user` (
  `id` bigint NOT NULL AUTO_INCREMENT COMMENT '用户ID',
  `username` varchar(50) NOT NULL COMMENT '用户名',
  `password` varchar(128) NOT NULL COMMENT '用户密码, argon2 哈希',
  `avatar` varchar(500) NOT NULL DEFAULT '' COMMENT '头像地址',
  `phone` varchar(20) NOT NULL DEFAULT '' COMMENT '手机号',
  `question` varchar(100) NOT NULL DEFAULT '' COMMENT '找回密码问题',
  `answer` varchar(128) NOT NULL DEFAULT '' COMMENT '找回密码答案, argon2 哈希',
  `create_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT '创建时间',
  `update_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT '更新时间',
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_username` (`username`),
  KEY `ix_update_time` (`update_time`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='用户表';

CREATE TABLE `address` (
  `id` bigint NOT NULL AUTO_INCREMENT COMMENT '地址ID',
  `userid` bigint NOT NULL COMMENT '用户ID',
  `name` varchar(20) NOT NULL COMMENT '收货人',
  `phone` varchar(20) NOT NULL COMMENT '手机号',
  `province` varchar(20) NOT NULL COMMENT '省份',
  `city` varchar(20) NOT NULL COMMENT '城市',
  `district` varchar(20) NOT NULL DEFAULT '' COMMENT '区/县',
  `detail` varchar(200) NOT NULL COMMENT '详细地址',
  `create_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT '创建时间',
  `update_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT '更新时间',
  PRIMARY KEY (`id`),
  KEY `ix_userid_create_time` (`userid`, `create_time`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='收货地址表';

-- product.rpc
CREATE DATABASE IF NOT EXISTS `product` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
USE `product`;

-- mallgen:list recommend_time by status, sort recommend_time desc, limit 1000
-- mallgen:list create_time by status, sort create_time desc, limit 1000
-- mallgen:list sales by status, sort sales desc, limit 1000
-- mallgen:list create_time by cateid, status, sort create_time desc, limit 1000
-- mallgen:list sales by cateid, status, sort sales desc, limit 1000
-- mallgen:list stock by status, sort stock desc
-- mallgen:list stock by cateid, status, sort stock desc
CREATE TABLE `product` (
  `id` bigint NOT NULL AUTO_INCREMENT COMMENT '商品ID',
  `cateid` bigint NOT NULL COMMENT '分类ID',
  `name` varchar(100) NOT NULL COMMENT '商品名称',
  `subtitle` varchar(200) NOT NULL DEFAULT '' COMMENT '商品副标题, 列表中的描述',
  `image` varchar(500) NOT NULL DEFAULT '' COMMENT '主图地址',
  `images` json DEFAULT NULL COMMENT '更多图片地址',
  `detail` text COMMENT '商品详情',
  `price` decimal(20,2) NOT NULL DEFAULT 0 COMMENT '价格, 单位-元, 保留两位小数',
  `stock` int NOT NULL DEFAULT 0 COMMENT '库存数量',
  `sales` int NOT NULL DEFAULT 0 COMMENT '销量',
  `status` tinyint NOT NULL DEFAULT 1 COMMENT '商品状态: 1-在售,2-下架,3-删除',
  `recommend_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT '推荐时间, 最新的排在最前',
  `create_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT '创建时间',
  `update_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT '更新时间',
  PRIMARY KEY (`id`),
  KEY `ix_status_recommend_time` (`status`, `recommend_time`),
  KEY `ix_status_create_time` (`status`, `create_time`),
  KEY `ix_status_sales` (`status`, `sales`),
  KEY `ix_status_stock` (`status`, `stock`),
  KEY `ix_cateid_status_create_time` (`cateid`, `status`, `create_time`),
  KEY `ix_cateid_status_sales` (`cateid`, `status`, `sales`),
  KEY `ix_cateid_status_stock` (`cateid`, `status`, `stock`),
  KEY `ix_update_time` (`update_time`),
  CONSTRAINT `ck_product_stock` CHECK (`stock` >= 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='商品表';

CREATE TABLE `category` (
  `id` bigint NOT NULL AUTO_INCREMENT COMMENT '分类ID',
  `parentid` bigint NOT NULL DEFAULT 0 COMMENT '父分类ID, 0 为一级分类',
  `name` varchar(50) NOT NULL COMMENT '分类名称',
  `status` tinyint NOT NULL DEFAULT 1 COMMENT '分类状态: 1-正常,2-已废弃',
  `create_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT '创建时间',
  `update_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT '更新时间',
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_name` (`name`),
  KEY `ix_parentid` (`parentid`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='商品分类表';

-- mallgen:list position by status, sort position
CREATE TABLE `banner` (
  `id` bigint NOT NULL AUTO_INCREMENT COMMENT 'Banner ID',
  `name` varchar(100) NOT NULL COMMENT '名称',
  `image_url` varchar(500) NOT NULL COMMENT '图片地址',
  `link` varchar(500) NOT NULL COMMENT '跳转地址',
  `position` int NOT NULL DEFAULT 0 COMMENT '位置, 小的在前',
  `status` tinyint NOT NULL DEFAULT 1 COMMENT '状态: 1-展示,2-下架',
  `create_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT '创建时间',
  `update_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT '更新时间',
  PRIMARY KEY (`id`),
  KEY `ix_status_position` (`status`, `position`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='首页 Banner 表';

CREATE TABLE `flashsale` (
  `id` bigint NOT NULL AUTO_INCREMENT COMMENT '抢购ID',
  `start_time` datetime NOT NULL COMMENT '开始时间',
  `end_time` datetime NOT NULL COMMENT '结束时间',
  `create_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT '创建时间',
  `update_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT '更新时间',
  PRIMARY KEY (`id`),
  KEY `ix_end_time` (`end_time`),
  CONSTRAINT `ck_flashsale_times` CHECK (`start_time` < `end_time`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='限时抢购表';

-- mallgen:list position by flashsaleid, sort position
CREATE TABLE `flashsaleitem` (
  `flashsaleid` bigint NOT NULL COMMENT '抢购ID',
  `proid` bigint NOT NULL COMMENT '商品ID',
  `position` int NOT NULL DEFAULT 0 COMMENT '位置, 小的在前',
  PRIMARY KEY (`flashsaleid`, `proid`),
  KEY `ix_flashsaleid_position` (`flashsaleid`, `position`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='限时抢购商品表';

CREATE TABLE `reservation` (
  `requestid` varchar(64) NOT NULL COMMENT '下单请求ID',
  `status` tinyint NOT NULL COMMENT '状态: 1-已预留,2-已归还',
  `create_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT '创建时间',
  `update_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT '更新时间',
  PRIMARY KEY (`requestid`),
  CONSTRAINT `ck_reservation_status` CHECK (`status` IN (1, 2))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='库存预留表';

CREATE TABLE `reservationitem` (
  `requestid` varchar(64) NOT NULL COMMENT '下单请求ID',
  `proid` bigint NOT NULL COMMENT '商品ID',
  `quantity` int NOT NULL COMMENT '预留数量',
  PRIMARY KEY (`requestid`, `proid`),
  CONSTRAINT `ck_reservationitem_quantity` CHECK (`quantity` > 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='库存预留明细表';

-- cart.rpc
CREATE DATABASE IF NOT EXISTS `cart` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
USE `cart`;

CREATE TABLE `cart` (
  `id` bigint NOT NULL AUTO_INCREMENT COMMENT '购物车ID',
  `userid` bigint NOT NULL COMMENT '用户ID',
  `proid` bigint NOT NULL COMMENT '商品ID',
  `quantity` int NOT NULL DEFAULT 1 COMMENT '数量',
  `checked` boolean NOT NULL DEFAULT FALSE COMMENT '是否勾选',
  `create_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT '创建时间',
  `update_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT '更新时间',
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_userid_proid` (`userid`, `proid`),
  KEY `ix_userid_create_time` (`userid`, `create_time`),
  KEY `ix_proid` (`proid`),
  CONSTRAINT `ck_cart_quantity` CHECK (`quantity` > 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='购物车表';

-- One row for each user, which adds and removes lock: two adds at 199 cannot both count the other out.
CREATE TABLE `cartcount` (
  `userid` bigint NOT NULL COMMENT '用户ID',
  `items` int NOT NULL DEFAULT 0 COMMENT '购物车中的商品数, 最多 200',
  PRIMARY KEY (`userid`),
  CONSTRAINT `ck_cartcount_items` CHECK (`items` BETWEEN 0 AND 200)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='购物车商品数表';

-- order.rpc
-- mallgen:ignore reserved-name the article calls it so, and what mallgen generates quotes every name
CREATE DATABASE IF NOT EXISTS `order` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
USE `order`;

-- mallgen:list create_time by userid, sort create_time desc, limit 1000
-- mallgen:list create_time by userid, status, sort create_time desc, limit 1000
CREATE TABLE `orders` (
  `id` varchar(64) NOT NULL COMMENT '订单ID',
  `userid` bigint NOT NULL COMMENT '用户ID',
  `requestid` varchar(64) NOT NULL COMMENT '下单请求ID, 同一请求只建一个订单',
  `shoppingid` bigint NOT NULL DEFAULT 0 COMMENT '收货信息表ID, 0 为尚未填写',
  `payment` decimal(20,2) NOT NULL DEFAULT 0 COMMENT '实际付款金额, 单位-元, 保留两位小数',
  `paymenttype` tinyint NOT NULL DEFAULT 1 COMMENT '支付类型: 1-在线支付',
  `postage` decimal(20,2) NOT NULL DEFAULT 0 COMMENT '运费, 单位-元, 保留两位小数',
  `status` smallint NOT NULL DEFAULT 10 COMMENT '订单状态: 10-未付款,20-已付款,30-待发货,40-待收货,50-交易成功,60-交易关闭,70-已取消',
  `payment_time` datetime DEFAULT NULL COMMENT '支付时间',
  `send_time` datetime DEFAULT NULL COMMENT '发货时间',
  `end_time` datetime DEFAULT NULL COMMENT '交易完成时间',
  `close_time` datetime DEFAULT NULL COMMENT '交易关闭时间',
  `create_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT '创建时间',
  `update_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT '更新时间',
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_requestid` (`requestid`),
  KEY `ix_userid_create_time` (`userid`, `create_time`),
  KEY `ix_userid_status_create_time` (`userid`, `status`, `create_time`),
  KEY `ix_status_create_time` (`status`, `create_time`),
  CONSTRAINT `ck_orders_status` CHECK (`status` IN (10, 20, 30, 40, 50, 60, 70))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='订单表';

CREATE TABLE `orderitem` (
  `id` bigint NOT NULL AUTO_INCREMENT COMMENT '订单子表ID',
  `orderid` varchar(64) NOT NULL COMMENT '订单ID',
  `userid` bigint NOT NULL COMMENT '用户ID',
  `proid` bigint NOT NULL COMMENT '商品ID',
  `proname` varchar(100) NOT NULL DEFAULT '' COMMENT '下单时的商品名称',
  `proimage` varchar(500) NOT NULL DEFAULT '' COMMENT '下单时的商品图片地址',
  `currentunitprice` decimal(20,2) NOT NULL DEFAULT 0 COMMENT '下单时的商品单价, 单位-元, 保留两位小数',
  `quantity` int NOT NULL DEFAULT 1 COMMENT '商品数量',
  `totalprice` decimal(20,2) NOT NULL DEFAULT 0 COMMENT '商品总价, 单位-元, 保留两位小数',
  `create_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT '创建时间',
  `update_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT '更新时间',
  PRIMARY KEY (`id`),
  KEY `ix_orderid` (`orderid`),
  KEY `ix_userid` (`userid`),
  KEY `ix_proid` (`proid`),
  CONSTRAINT `ck_orderitem_quantity` CHECK (`quantity` > 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='订单明细表';

CREATE TABLE `shopping` (
  `id` bigint NOT NULL AUTO_INCREMENT COMMENT '收货信息表ID',
  `orderid` varchar(64) NOT NULL COMMENT '订单ID',
  `userid` bigint NOT NULL COMMENT '用户ID',
  `receiver_name` varchar(20) NOT NULL DEFAULT '' COMMENT '收货姓名',
  `receiver_phone` varchar(20) NOT NULL DEFAULT '' COMMENT '收货固定电话',
  `receiver_mobile` varchar(20) NOT NULL DEFAULT '' COMMENT '收货移动电话',
  `receiver_province` varchar(20) NOT NULL DEFAULT '' COMMENT '省份',
  `receiver_city` varchar(20) NOT NULL DEFAULT '' COMMENT '城市',
  `receiver_district` varchar(20) NOT NULL DEFAULT '' COMMENT '区/县',
  `receiver_address` varchar(200) NOT NULL DEFAULT '' COMMENT '详细地址',
  `create_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT '创建时间',
  `update_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT '更新时间',
  PRIMARY KEY (`id`),
  KEY `ix_orderid` (`orderid`),
  KEY `ix_userid` (`userid`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='收货信息表';

-- reply.rpc
CREATE DATABASE IF NOT EXISTS `reply` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
USE `reply`;

-- mallgen:list create_time by product_id, sort create_time desc, limit 1000
CREATE TABLE `comment` (
  `id` bigint NOT NULL AUTO_INCREMENT COMMENT '评论ID',
  `product_id` bigint NOT NULL COMMENT '商品ID',
  `user_id` bigint NOT NULL COMMENT '用户ID',
  `content` varchar(1000) NOT NULL COMMENT '评论内容',
  `create_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT '评论时间',
  `update_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT '更新时间',
  PRIMARY KEY (`id`),
  KEY `ix_product_id_create_time` (`product_id`, `create_time`),
  KEY `ix_user_id_create_time` (`user_id`, `create_time`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='商品评论表';

CREATE TABLE `commentimage` (
  `id` bigint NOT NULL AUTO_INCREMENT COMMENT '图片ID',
  `comment_id` bigint NOT NULL COMMENT '评论ID',
  `url` varchar(500) NOT NULL COMMENT '图片地址',
  PRIMARY KEY (`id`),
  KEY `ix_comment_id` (`comment_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='评论图片表';

-- pay.rpc
CREATE DATABASE IF NOT EXISTS `pay` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
USE `pay`;

CREATE TABLE `payinfo` (
  `id` bigint NOT NULL AUTO_INCREMENT COMMENT '支付信息表ID',
  `orderid` varchar(64) NOT NULL COMMENT '订单ID',
  `userid` bigint NOT NULL COMMENT '用户ID',
  `payplatform` tinyint NOT NULL COMMENT '支付平台: 1-支付宝,2-微信,3-模拟',
  `platformnumber` varchar(200) NOT NULL COMMENT '支付流水号',
  `payment` decimal(20,2) NOT NULL COMMENT '应付金额, 单位-元, 保留两位小数',
  `platformstatus` varchar(20) NOT NULL DEFAULT '' COMMENT '支付状态',
  `create_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT '创建时间',
  `update_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT '更新时间',
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_payplatform_platformnumber` (`payplatform`, `platformnumber`),
  UNIQUE KEY `uk_orderid` (`orderid`),
  KEY `ix_userid` (`userid`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='支付信息表';
