-- Organisation, people, the 3D viewer and the background queue.
--
-- An organisation is the identity provider's organisation id; it has no table of its own. Roots
-- carry organization_id, everything below belongs to an organisation through its parent.

CREATE TABLE s3_object_references (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id varchar(50) NOT NULL,
    bucket          varchar(63) NOT NULL,
    object_key      varchar(1024) NOT NULL,
    is_folder       boolean NOT NULL DEFAULT false,
    file_name       varchar(255),
    content_type    varchar(255),
    size_bytes      bigint CHECK (size_bytes >= 0),
    etag            varchar(128),
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, bucket, object_key)
);
COMMENT ON TABLE s3_object_references IS 'CANONICAL: pointer to a file or folder in object storage';

CREATE TABLE users (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id varchar(50) NOT NULL,
    auth0_id        varchar(255) UNIQUE,
    display_name    varchar(255) NOT NULL,
    email           varchar(320),
    is_active       boolean NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE users IS
    'CANONICAL: people of an organisation, by identity-provider account; the operators';
CREATE INDEX ON users (organization_id);
COMMENT ON COLUMN users.auth0_id IS 'null for operators who only have a badge';

CREATE TABLE organization_settings (
    id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id   varchar(50) NOT NULL UNIQUE,
    default_home_page varchar(100),
    ui_visibility     jsonb NOT NULL DEFAULT '{}',
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE organization_settings IS
    'SUPPORT: which screens an organisation shows and which opens first';

CREATE TABLE organization_feature_flags (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id varchar(50) NOT NULL,
    flag            varchar(50) NOT NULL,
    is_enabled      boolean NOT NULL DEFAULT false,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, flag)
);
COMMENT ON TABLE organization_feature_flags IS 'SUPPORT: on/off switches per organisation';

CREATE TABLE organization_prefixes (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id varchar(50) NOT NULL,
    entity_type     varchar(20) NOT NULL CHECK (entity_type IN ('batch', 'job')),
    prefix          varchar(20) NOT NULL,
    padding         integer NOT NULL DEFAULT 6 CHECK (padding BETWEEN 0 AND 18),
    next_number     bigint NOT NULL DEFAULT 1 CHECK (next_number > 0),
    is_active       boolean NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, entity_type, prefix)
);
COMMENT ON TABLE organization_prefixes IS 'SUPPORT: prefixes for numbering batches and jobs';

CREATE TABLE projects (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id varchar(50) NOT NULL,
    name            varchar(255) NOT NULL,
    description     text,
    is_archived     boolean NOT NULL DEFAULT false,
    created_by      uuid REFERENCES users ON DELETE SET NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE projects IS 'CANONICAL: 3D projects';
CREATE INDEX ON projects (organization_id);

CREATE TABLE permissions (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
    level      varchar(20) NOT NULL DEFAULT 'view' CHECK (level IN ('view', 'edit', 'admin')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, project_id)
);
COMMENT ON TABLE permissions IS 'JUNCTION: who may use which project';
CREATE INDEX ON permissions (project_id);

CREATE TABLE scenes (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    project_id  uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
    previous_id uuid REFERENCES scenes DEFERRABLE INITIALLY DEFERRED,
    scene_type  varchar(50) NOT NULL DEFAULT '3D',
    name        varchar(255) NOT NULL,
    description text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CHECK (previous_id <> id),
    -- One first scene per project and one successor per scene; checked at commit, so that a
    -- reordering may pass through states that are no list.
    UNIQUE NULLS NOT DISTINCT (project_id, previous_id) DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE scenes IS 'CANONICAL: scenes of a project, kept in order as a linked list';

CREATE TABLE models (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id varchar(50) NOT NULL,
    model_type      varchar(20) NOT NULL CHECK (model_type IN ('mesh', 'point_cloud', 'splat')),
    name            varchar(255) NOT NULL,
    description     text,
    is_archived     boolean NOT NULL DEFAULT false,
    created_by      uuid REFERENCES users ON DELETE SET NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE models IS 'CANONICAL: 3D models: mesh, point cloud, splat';
CREATE INDEX ON models (organization_id);

CREATE TABLE model_files (
    id                     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    model_id               uuid NOT NULL REFERENCES models ON DELETE CASCADE,
    s3_object_reference_id uuid NOT NULL REFERENCES s3_object_references ON DELETE CASCADE,
    sort_order             integer NOT NULL DEFAULT 0,
    created_at             timestamptz NOT NULL DEFAULT now(),
    updated_at             timestamptz NOT NULL DEFAULT now(),
    UNIQUE (model_id, s3_object_reference_id)
);
COMMENT ON TABLE model_files IS 'JUNCTION: files of a model';
CREATE INDEX ON model_files (s3_object_reference_id);

CREATE TABLE file_references (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id varchar(50) NOT NULL,
    model_id        uuid REFERENCES models ON DELETE SET NULL,
    hash            varchar(128) NOT NULL,
    file_name       varchar(255) NOT NULL,
    content_type    varchar(255),
    size_bytes      bigint CHECK (size_bytes >= 0),
    storage_path    varchar(1024) NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, hash)
);
COMMENT ON TABLE file_references IS 'CANONICAL: older file records, deduplicated by hash';
CREATE INDEX ON file_references (model_id);

CREATE TABLE file_embeddings (
    id                     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    file_reference_id      uuid REFERENCES file_references ON DELETE CASCADE,
    s3_object_reference_id uuid REFERENCES s3_object_references ON DELETE CASCADE,
    chunk_index            integer NOT NULL DEFAULT 0 CHECK (chunk_index >= 0),
    content                text,
    embedding_model        varchar(100) NOT NULL,
    created_at             timestamptz NOT NULL DEFAULT now(),
    updated_at             timestamptz NOT NULL DEFAULT now(),
    CHECK (num_nonnulls(file_reference_id, s3_object_reference_id) = 1),
    UNIQUE NULLS NOT DISTINCT
        (file_reference_id, s3_object_reference_id, embedding_model, chunk_index)
);
COMMENT ON TABLE file_embeddings IS 'SUPPORT: embedding vectors of files for semantic search';
CREATE INDEX ON file_embeddings (s3_object_reference_id);

-- pgvector where an administrator has installed it, a plain array where not.
DO $$
DECLARE
    vector_type text := (
        SELECT format('%I.vector', n.nspname)
        FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'vector'
    );
BEGIN
    EXECUTE format('ALTER TABLE file_embeddings ADD COLUMN embedding %s NOT NULL',
                   coalesce(vector_type, 'real[]'));
END
$$;

CREATE TABLE scene_properties (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    scene_id   uuid NOT NULL REFERENCES scenes ON DELETE CASCADE,
    key        varchar(100) NOT NULL,
    value      text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (scene_id, key)
);
COMMENT ON TABLE scene_properties IS 'SUPPORT: key/value pairs of a scene';

CREATE TABLE model_permissions (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    model_id   uuid NOT NULL REFERENCES models ON DELETE CASCADE,
    level      varchar(20) NOT NULL DEFAULT 'view' CHECK (level IN ('view', 'edit', 'admin')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, model_id)
);
COMMENT ON TABLE model_permissions IS 'JUNCTION: who may use which model';
CREATE INDEX ON model_permissions (model_id);

CREATE TABLE features (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    scene_id     uuid NOT NULL REFERENCES scenes ON DELETE CASCADE,
    model_id     uuid REFERENCES models ON DELETE SET NULL,
    feature_type varchar(50) NOT NULL,
    name         varchar(255) NOT NULL,
    description  text,
    is_visible   boolean NOT NULL DEFAULT true,
    opacity      numeric(4, 3) NOT NULL DEFAULT 1 CHECK (opacity BETWEEN 0 AND 1),
    transform    jsonb NOT NULL DEFAULT '{}',
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE features IS 'CANONICAL: interactive objects placed in a scene';
CREATE INDEX ON features (scene_id);
CREATE INDEX ON features (model_id);

CREATE TABLE feature_files (
    id                     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    feature_id             uuid NOT NULL REFERENCES features ON DELETE CASCADE,
    s3_object_reference_id uuid NOT NULL REFERENCES s3_object_references ON DELETE CASCADE,
    sort_order             integer NOT NULL DEFAULT 0,
    created_at             timestamptz NOT NULL DEFAULT now(),
    updated_at             timestamptz NOT NULL DEFAULT now(),
    UNIQUE (feature_id, s3_object_reference_id)
);
COMMENT ON TABLE feature_files IS 'JUNCTION: files of a feature';
CREATE INDEX ON feature_files (s3_object_reference_id);

CREATE TABLE feature_properties (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    feature_id uuid NOT NULL REFERENCES features ON DELETE CASCADE,
    key        varchar(100) NOT NULL,
    value      text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (feature_id, key)
);
COMMENT ON TABLE feature_properties IS 'SUPPORT: key/value pairs of a feature';

CREATE TABLE feature_custom_fields (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    feature_id uuid NOT NULL REFERENCES features ON DELETE CASCADE,
    label      varchar(255) NOT NULL,
    value      text,
    sort_order integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE feature_custom_fields IS 'SUPPORT: plain custom fields of a feature';
CREATE INDEX ON feature_custom_fields (feature_id);

CREATE TABLE interactions (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    feature_id   uuid NOT NULL REFERENCES features ON DELETE CASCADE,
    trigger_type varchar(20) NOT NULL DEFAULT 'click' CHECK (trigger_type IN ('click', 'hover')),
    name         varchar(255),
    is_active    boolean NOT NULL DEFAULT true,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE interactions IS 'CANONICAL: what a click or hover on a feature means';
CREATE INDEX ON interactions (feature_id);

CREATE TABLE actions (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    interaction_id uuid NOT NULL REFERENCES interactions ON DELETE CASCADE,
    previous_id    uuid REFERENCES actions DEFERRABLE INITIALLY DEFERRED,
    action_type    varchar(50) NOT NULL,
    parameters     jsonb NOT NULL DEFAULT '{}',
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    CHECK (previous_id <> id),
    UNIQUE NULLS NOT DISTINCT (interaction_id, previous_id) DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE actions IS 'CANONICAL: steps an interaction runs, kept in order as a linked list';

CREATE TABLE connections (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    scene_id        uuid NOT NULL REFERENCES scenes ON DELETE CASCADE,
    connection_type varchar(50) NOT NULL,
    name            varchar(255) NOT NULL,
    is_active       boolean NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE connections IS 'CANONICAL: outside data sources bound to a scene';
CREATE INDEX ON connections (scene_id);

CREATE TABLE connection_properties (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    connection_id uuid NOT NULL REFERENCES connections ON DELETE CASCADE,
    key           varchar(100) NOT NULL,
    value         text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (connection_id, key)
);
COMMENT ON TABLE connection_properties IS 'SUPPORT: key/value pairs of a connection';

CREATE TABLE tokens (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    token_hash bytea NOT NULL UNIQUE,
    scope      varchar(255) NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE tokens IS 'SUPPORT: short-lived tokens for public sharing';
CREATE INDEX ON tokens (user_id);

CREATE TABLE jobs (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id varchar(50),
    job_type        varchar(100) NOT NULL,
    payload         jsonb NOT NULL DEFAULT '{}',
    status          varchar(20) NOT NULL DEFAULT 'queued'
                    CHECK (status IN ('queued', 'running', 'failed')),
    priority        integer NOT NULL DEFAULT 0,
    run_after       timestamptz NOT NULL DEFAULT now(),
    attempts        integer NOT NULL DEFAULT 0,
    max_attempts    integer NOT NULL DEFAULT 5,
    locked_by       varchar(255),
    locked_at       timestamptz,
    last_error      text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE jobs IS 'CANONICAL: background work queue of the central system';
CREATE INDEX ON jobs (status, priority, run_after);

CREATE TABLE job_history (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id varchar(50),
    job_id          uuid NOT NULL,
    job_type        varchar(100) NOT NULL,
    payload         jsonb NOT NULL DEFAULT '{}',
    status          varchar(20) NOT NULL CHECK (status IN ('completed', 'failed', 'cancelled')),
    attempts        integer NOT NULL DEFAULT 0,
    last_error      text,
    started_at      timestamptz,
    finished_at     timestamptz NOT NULL DEFAULT now(),
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE job_history IS 'SUPPORT: finished background work';
CREATE INDEX ON job_history (finished_at);
