-- What the admin service writes beside each change, and who may make them.
USE `order`;

CREATE TABLE `admin_audit` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `actor` varchar(64) NOT NULL COMMENT 'the name of the account',
  `request_id` varchar(128) NOT NULL,
  `action` varchar(16) NOT NULL,
  `table_name` varchar(64) NOT NULL,
  `row_key` varchar(255) NOT NULL,
  `before_row` json DEFAULT NULL,
  `after_row` json DEFAULT NULL,
  `create_time` datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (`id`),
  KEY `ix_table_name_row_key` (`table_name`, `row_key`),
  KEY `ix_actor` (`actor`),
  KEY `ix_create_time` (`create_time`)
) COMMENT='who changed what';

CREATE TABLE `admin_account` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `name` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `password_hash` varchar(255) NOT NULL COMMENT 'argon2id',
  `roles` varchar(255) NOT NULL COMMENT 'with spaces between them',
  `disabled` tinyint(1) NOT NULL DEFAULT 0,
  `epoch` bigint NOT NULL DEFAULT 0 COMMENT 'counts what ends all sessions',
  `failed` int NOT NULL DEFAULT 0 COMMENT 'attempts in a row',
  `failed_until` bigint NOT NULL DEFAULT 0 COMMENT 'when they are forgotten: seconds since 1970',
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_name` (`name`)
) COMMENT='who may log in';

CREATE TABLE `admin_session` (
  `id` varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `account_id` bigint NOT NULL,
  `epoch` bigint NOT NULL COMMENT 'that of the account when the session began',
  `refresh_hash` varchar(64) NOT NULL COMMENT 'of the newest refresh token',
  `csrf` varchar(64) NOT NULL,
  `ends` bigint NOT NULL COMMENT 'seconds since 1970',
  PRIMARY KEY (`id`),
  KEY `ix_account_id_ends` (`account_id`, `ends`)
) COMMENT='who has logged in';

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
