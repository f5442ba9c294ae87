export const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json'
export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json'
export const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json'
export const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar'

const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json'

/** Names of an image in an index: the first is containerd's and Docker's, the second that of the OCI image spec. */
export const IMAGE_NAME = 'io.containerd.image.name'
export const REF_NAME = 'org.opencontainers.image.ref.name'
/** Where the name of a manifest leads, when that is an index of which the archive has this one alone. */
export const NAME_LEADS_TO = 'dev.cachalot.index'

/** Whether a config is that of an image that can run, as opposed to that of some other artifact. */
export function isImageConfig(mediaType: string | undefined): boolean {
  return mediaType === CONFIG_TYPE || mediaType === DOCKER_CONFIG
}
