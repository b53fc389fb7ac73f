CREATE TABLE note (
  id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
  author bigint NOT NULL,
  text varchar(200) NOT NULL,
  created datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  KEY ix_author_created (author, created)
) DEFAULT CHARSET=utf8mb4 COMMENT='notes, the newest first';
