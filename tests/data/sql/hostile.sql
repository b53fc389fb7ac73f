-- Twelve tables of MySQL that want to break what is made of them; MariaDB takes them as they are.

CREATE TABLE `class` (
  `id` bigint NOT NULL AUTO_INCREMENT, `class` int, `def` int, `import` int, `None` int, `True` int, `self` int, `cls` int,
  `print` int, `type` varchar(9), `list` int, `dict` int, `str` int, `int` int, `bool` int, `bytes` blob, `cursor` int,
  `limit` int, `descending` int, `values` int, `rows` int, `find_one` int, `insert` int, `key` int,
  `update` int, `delete` int, `metaclass` int, `__init__` int, `__class__` int, `__slots__` int, `_` int, `__` int, `keys` int,
  `await` int, `async` int, `match` int, `case` int, `datetime` datetime, `date` date, `Decimal` decimal(9,2), `Any` json,
  `Literal` enum('a', 'b'), `timedelta` time, `Row` int, `Model` int, `Column` int, `Struct` int, `lambda` int, `super` int,
  `Unpack` int, `Required` int, `TypedDict` int, `Iterable` int, `Sequence` int, `Page` int, `Keyset` int, `annotations` int,
  `nonlocal` int, `Table` int, `property` int, `object` int, `set` set('x', 'y'), `frozenset` int, `tuple` int, `UUID` char(36),
  `within` int, `_find` int, `db` int, `cache` int, `fetch` int, `execute` int, `mro` int, `__struct_fields__` int,
  PRIMARY KEY (`id`), UNIQUE KEY `self` (`self`, `cursor`), KEY `cls` (`class`, `limit`), KEY `k` (`descending`, `datetime`),
  UNIQUE KEY `values` (`values`)
) COMMENT='class Foo: pass';

CREATE TABLE `select` (
  `from` int NOT NULL, `where` int NOT NULL, `order` int NOT NULL, `group` varchar(20) NOT NULL DEFAULT 'group by', `by` int,
  `desc` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP, `asc` int, `null` int, `default` int DEFAULT NULL, `primary` int,
  `unique` int, `foreign` int, `references` int, `check` int CHECK (`check` > 0), `constraint` int, `index` int,
  `table` int, `column` int, `union` int, `like` int, `in` int, `is` int, `not` int, `and` int, `or` int, `case_` int, `when` int,
  PRIMARY KEY (`from`, `where`, `order`), KEY `index` (`group`, `desc`), UNIQUE KEY `unique` (`order`, `group`)
) COMMENT 'DROP TABLE users; --';

CREATE TABLE `quotes` (
  `id` int NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT '"""',
  `a` varchar(99) NOT NULL DEFAULT 'it''s "quoted"' COMMENT 'ends with a \\',
  `b` varchar(99) NOT NULL DEFAULT 'line
break' COMMENT 'two
lines',
  `c` varchar(99) NOT NULL DEFAULT '\\N{DASH} \\u0041 \\x41' COMMENT '""" + __import__("os").system("x") + """',
  `d` varchar(99) NOT NULL DEFAULT '%s %d {0} {{7*7}} {% import os %}' COMMENT '\' + str(1) + \'',
  `e` varchar(99) NOT NULL DEFAULT '${HOME} `x` $(x)' COMMENT 'type: ignore',
  `f` varchar(99) NOT NULL DEFAULT '''; DROP TABLE quotes; --' COMMENT 'noqa: E501 fmt: off',
  `g` enum('it''s', '"', '\\', 'a,b', '%', '{}', '') NOT NULL DEFAULT 'it''s' COMMENT '# comment',
  `h` set('"', '''', '\\', ' ') DEFAULT NULL COMMENT '\t tab',
  `i` varchar(99) NOT NULL DEFAULT '' COMMENT '商品 ﬁ',
  `j` varchar(99) NOT NULL DEFAULT 'a -- b /* c */ # d',
  UNIQUE KEY `it's "quoted"` (`a`), KEY `b;--` (`b`)
) ENGINE=InnoDB COMMENT='"""
raise SystemExit
"""';

CREATE TABLE `商品` (
  `编号` bigint NOT NULL AUTO_INCREMENT COMMENT '商品编号',
  `名称` varchar(50) NOT NULL COMMENT '商品名称',
  `价格` decimal(20,2) NOT NULL DEFAULT 0,
  `ｆｕｌｌ` int, `full` int, `ﬁ` int, `fi` int, `é` int, `Ω` int, `ǅ` int, `İ` int, `１st` int, `ⅷ` int,
  `创建时间` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (`编号`), UNIQUE KEY `名称` (`名称`), KEY `时间` (`价格`, `创建时间`)
) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='商品表';

CREATE TABLE `names that meet` (
  `user-name` int, `user_name` int, `user name` int, `user.name` int, `1st` int, `n1st` int, `_1st` int,
  `$x` int, `_x` int, `x` int, `x_` int, `a``b` int, `a'b` int, `a"b` int, `a;b` int, `a--b` int, `a/*b*/` int, `a%b` int,
  `a{b}` int, `a\b` int, `(a)` int, `a,b` int, `,` int, `"` int, `-` int NOT NULL, `--` int NOT NULL, `''` int,
  PRIMARY KEY (`-`, `--`), UNIQUE KEY `1` (`user-name`, `user_name`), UNIQUE KEY `2` (`user_name`, `user name`),
  KEY `3` (`user-name`), KEY `4` (`user_name`)
);

CREATE TABLE `generated` (
  `id` int NOT NULL PRIMARY KEY,
  `price` decimal(20,2) NOT NULL,
  `count` int NOT NULL DEFAULT 1,
  `total` decimal(22,2) GENERATED ALWAYS AS (`price` * `count`) VIRTUAL,
  `total_stored` decimal(22,2) AS (`price` * `count` + 1) STORED,
  `label` varchar(99) AS (concat('it''s ', `id`, ' "', `count`, '"')) STORED,
  `body` json,
  `kind` varchar(20) AS (json_extract(`body`, '$.kind')) VIRTUAL,
  KEY `by_kind` (`kind`), UNIQUE KEY `by_label` (`label`), KEY `by_total` (`total_stored`)
);

CREATE TABLE `composite` (
  `tenant` int unsigned NOT NULL, `day` date NOT NULL, `kind` enum('a', 'b') NOT NULL, `no` bigint unsigned NOT NULL,
  `at` timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), `ref` binary(16) NOT NULL, `amount` decimal(65,30) NOT NULL,
  PRIMARY KEY (`tenant`, `day`, `kind`, `no`),
  UNIQUE KEY `u1` (`tenant`, `ref`), UNIQUE KEY `u2` (`ref`), UNIQUE KEY `u3` (`ref`, `tenant`),
  KEY `k1` (`tenant`, `at`), KEY `k2` (`kind`, `day`), KEY `k3` (`amount`), KEY `k4` (`no`, `tenant`, `day`)
);

CREATE TABLE `self` (
  `id` int NOT NULL AUTO_INCREMENT, `self` int, `parent` int, `root` int NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`),
  CONSTRAINT `self` FOREIGN KEY (`self`) REFERENCES `self` (`id`) ON DELETE SET NULL,
  CONSTRAINT `parent_1` FOREIGN KEY (`parent`) REFERENCES `self` (`id`) ON DELETE CASCADE
);

CREATE TABLE `no_key` (
  `at` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), `text` longtext, `n` tinyint(1),
  KEY `at` (`at`), KEY `prefix` (`text`(10))
);

CREATE TABLE `only_key` (`id` varchar(191) NOT NULL, PRIMARY KEY (`id`));

CREATE TABLE `model` (
  `row` int NOT NULL AUTO_INCREMENT, `b` bit(64), `y` year, `t` time(6), `f` float unsigned, `d` double, `bin` varbinary(0),
  `u` bigint unsigned DEFAULT 18446744073709551615, `i` bigint DEFAULT -9223372036854775808, `z` int(5) zerofill,
  `dec` decimal(10,0) DEFAULT -1, `flag` bit(1) DEFAULT b'1', `ch` char(0) DEFAULT '', `m` mediumint DEFAULT -8388608,
  PRIMARY KEY (`row`), KEY `b` (`b`), KEY `y` (`y`, `t`), KEY `f` (`f`)
);

CREATE VIEW `view` AS SELECT `c`.`id` AS `class`, `c`.`def` AS `import`, count(*) AS `count`, max(`q`.`a`) AS `a`
FROM `class` `c` LEFT JOIN `quotes` `q` ON `q`.`id` = `c`.`id` GROUP BY `c`.`id`, `c`.`def`;
