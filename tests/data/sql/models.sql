-- Tables for tests/sql/test_models.py: every type, every kind of key, ties, a version, a mark for deleted rows.
-- mallgen:list money by size, sort money, limit 10
-- mallgen:list ratio by flag, sort ratio desc, limit 10
-- mallgen:list moment, sort moment, limit 10
CREATE TABLE `everything` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `flag` boolean NOT NULL,
  `tiny` tinyint NOT NULL,
  `small` smallint unsigned NOT NULL,
  `whole` int NOT NULL,
  `big` bigint unsigned NOT NULL,
  `ratio` double NOT NULL,
  `short_ratio` float DEFAULT NULL,
  `money` decimal(15,2) NOT NULL,
  `word` varchar(20) NOT NULL,
  `story` text,
  `raw` varbinary(16) DEFAULT NULL,
  `day` date DEFAULT NULL,
  `moment` datetime(6) NOT NULL,
  `second` datetime NOT NULL,
  `instant` timestamp NULL DEFAULT NULL,
  `clock` time DEFAULT NULL,
  `data` json DEFAULT NULL,
  `size` enum('S','M','L') NOT NULL DEFAULT 'M',
  `tags` set('a','b','c') DEFAULT NULL,
  `bits` bit(8) DEFAULT NULL,
  `vintage` year DEFAULT NULL,
  `class` varchar(10) NOT NULL DEFAULT '%s ?',
  PRIMARY KEY (`id`)
) DEFAULT CHARSET=utf8mb4;

-- mallgen:list score by author, sort score desc, limit 12
-- mallgen:list created by author, sort created desc, limit 12
CREATE TABLE `post` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `author` bigint NOT NULL,
  `slug` varchar(50) NOT NULL,
  `score` int NOT NULL DEFAULT 0,
  `created` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  `updated` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_slug` (`slug`),
  KEY `ix_author_created` (`author`, `created`)
) DEFAULT CHARSET=utf8mb4;

CREATE TABLE `membership` (
  `team` varchar(20) NOT NULL,
  `member` bigint NOT NULL,
  `role` varchar(20) NOT NULL DEFAULT 'guest',
  PRIMARY KEY (`team`, `member`)
) DEFAULT CHARSET=utf8mb4;

CREATE TABLE `account` (
  `id` bigint NOT NULL,
  `balance` int NOT NULL DEFAULT 0,
  `version` int NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`),
  CONSTRAINT `ck_balance` CHECK (`balance` >= 0)
) DEFAULT CHARSET=utf8mb4;

-- mallgen:list changed by title, sort changed desc, limit 10
CREATE TABLE `draft` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `title` varchar(50) NOT NULL,
  `changed` datetime NOT NULL,
  `deleted` datetime DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `ix_title` (`title`)
) DEFAULT CHARSET=utf8mb4;

CREATE VIEW `wellliked` AS SELECT `id`, `author`, `slug`, `created` FROM `post` WHERE `score` > 10;
