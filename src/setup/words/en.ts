import { enFiles } from './en-files.ts'
import type { Words } from './words.ts'

export const en: Words = {
  applies: (client, address) =>
    `Lets ${client} pull through ${address}; copies of what was there stay beside each file.`,
  undoes: (client) => `Takes back what the set-up script of ${client} changed.`,
  script: {
    tryIt: 'To try it without touching this system: export CACHALOT_ROOT=/some/folder',
    already: 'as it should be:',
    written: 'written:',
    left: 'NOT changed:',
    restored: 'as before:',
    changedSince: 'somebody changed this file meanwhile, so only our lines were taken out:',
    noJson: 'neither jq nor python3 is here to merge this file; put this into it by hand:',
    otherFolder:
      'containerd looks for hosts.toml in another folder (config_path); move the files there by hand.',
    oldMirrors:
      'containerd does not start with registry.mirrors beside config_path: remove registry.mirrors first.',
    oldVersion:
      'this configuration of containerd is of version 1: add config_path by hand, see the files shown.',
    oldRegistries:
      'registries.conf has the old format ([registries.…]), which knows no mirrors: rewrite it first.',
    byHand: 'what the file says already has to be changed by hand, for:',
    readable:
      'every user of this machine can read the pull key in this file; if only root needs it, chmod 600:',
    aboutPut: 'A file is replaced in one step and keeps its owner and mode; a link stays a link.',
    aboutFolder: 'New folders are marked, so that the undo removes these and no others.',
    aboutBase: 'The file as it is without us: the copy, or if somebody changed it since, all lines but ours.',
    aboutChange: 'Makes the new text from that, keeps a copy, and writes only where there is a difference.',
    aboutGuard: 'A new file that holds a pull key is for root alone; one that was there keeps its mode.',
    aboutRestore: 'Gives back the copy; where somebody changed the file since, only our lines go.',
    aboutJson: 'jq or python3 adds our entries to the lists of daemon.json; everything else in it stays.',
    aboutHosts: 'The cache becomes the first host to be asked for a registry.',
    aboutConfigPath: 'Pulls of Kubernetes find these files only if config_path names their folder.',
    aboutYaml: 'Adds one entry to a mapping; our endpoint comes before others of the same registry.',
    aboutOthers: 'Which other files speak of a registry.',
    aboutMirrors: 'There the mirror goes into their own entry, in front of other mirrors.',
    aboutDropIn: 'A file of our own for all the rest.',
    aboutAuthority: 'The certificate of your authority, where this client looks for it.',
  },
  notes: {
    keyOverHttp: 'Over plain http everybody on the way can read the pull key. Use https.',
    keyReadable:
      'Every user of the machine can read the pull key in this file, because podman without root has to.',
    keyNeedsDocker25:
      'Docker Engine before 25 takes no mirror with a path and will not start with this key: check ' +
      '"docker version" first.',
    hubAlone:
      'registry-mirrors only ever serves Docker Hub. Other registries need Docker Engine 28 or later ' +
      'with the containerd image store; with older ones put the address in front of the name.',
    containerdStore:
      'hosts.toml counts only with the containerd image store: "docker info -f {{.DriverStatus}}" then ' +
      'names io.containerd.snapshotter.v1. A hosts.toml for docker.io would switch registry-mirrors off.',
    dockerLogin:
      'If the cache asks for a login, Docker sends it the login of Docker Hub. For mirrors use a pull ' +
      'key, or let this network pull without a login.',
    dockerStrict:
      'With the older image store Docker goes on to Docker Hub whenever the cache fails; that cannot be ' +
      'switched off.',
    desktop: 'Settings → Docker Engine: add these keys to what is there, then Apply & restart.',
    desktopAuthority: (host) =>
      `The certificate of your authority belongs into ~/.docker/certs.d/${host}/ca.crt, or into the ` +
      'keychain of your system; then restart Docker Desktop.',
    nas:
      'Do not overwrite daemon.json on a NAS: it holds data-root, and without it all containers seem to ' +
      'be gone. Use its own settings.',
    nasSynology:
      'Synology: Container Manager → Registry → Settings → Docker Hub → Edit → enable the registry ' +
      'mirror and enter the address.',
    nasUnraid:
      'Unraid: Settings → Docker with Docker stopped; or add the keys to /etc/docker/daemon.json from ' +
      '/boot/config/go, as that file does not survive a restart.',
    nasFnos: 'fnOS: Docker → settings of registry mirrors → add the address and move it to the top.',
    nasQnap:
      'QNAP: Container Station → Preferences → registry mirrors or daemon settings, depending on its ' +
      'version.',
    readEveryPull:
      'hosts.toml is read at every pull. Only a changed config.toml needs a restart; running containers ' +
      'stay.',
    ctrNeedsFolder: 'ctr reads no config.toml: give it --hosts-dir each time.',
    podSecret:
      'A pull secret of a pod is for the registry of its image; containerd may offer it to a mirror that ' +
      'asks for a login. Use a pull key, or pull without a login.',
    strictHosts: 'Registries without a file here are still asked directly.',
    everyNode:
      'On every node, servers too. For RKE2 the same file lies in /etc/rancher/rke2; the script takes ' +
      'whichever is here.',
    kubeletLastError:
      'The kubelet shows the error of the last endpoint only. What the cache said is in ' +
      'agent/containerd/containerd.log below /var/lib/rancher/k3s or rke2.',
    k3sStrict:
      'disable-default-registry-endpoint is known to k3s and RKE2 since January 2024 (1.26.13, 1.27.10, ' +
      '1.28.6, 1.29.1); older ones do not start with it.',
    podmanLogin:
      'Where a login is wanted: podman login with the address of the cache. It is used for mirrors too.',
    podmanUserFile:
      'Whoever has a ~/.config/containers/registries.conf does not see /etc/containers/registries.conf. ' +
      'A name without registry is looked up as unqualified-search-registries says.',
    skopeoInspect:
      '"skopeo inspect" lists tags at the registry itself; where only the cache is reachable add ' +
      '--no-tags.',
    skopeoVariable:
      'skopeo does not heed CONTAINERS_REGISTRIES_CONF. Where a login is wanted: skopeo login with the ' +
      'address of the cache.',
    crioAuth:
      'Where a login is wanted: global_auth_file in crio.conf. insecure_registries in crio.conf has no ' +
      'effect any more; this file replaces it.',
    buildxDriver:
      'For builders made with the docker-container driver: docker buildx create --name cached --driver ' +
      'docker-container --buildkitd-config /etc/buildkit/buildkitd.toml --use --bootstrap (older buildx: ' +
      '--config). The docker driver uses the settings of Docker itself.',
    buildxName:
      'Inside of a builder the name of the cache may lead elsewhere: 127.0.0.1 is the builder itself, ' +
      'and local names need --driver-opt network=host.',
    buildxKey:
      'buildkitd.toml holds the pull key and is for root alone, so docker buildx create needs sudo to read it.',
    buildkitStrict:
      'BuildKit asks the registry itself whenever the cache fails; that cannot be switched off.',
    nerdctlRootless:
      'Without root: the same files below ~/.config/containerd/certs.d, and 127.0.0.1 of the host is out ' +
      'of reach.',
    kubernetesNodes:
      'To serve every pod without changing an image name, set up the nodes: see containerd or k3s.',
    kubernetesSecret:
      'Where a login is wanted: kubectl create secret docker-registry cachalot --docker-server=ADDRESS ' +
      '--docker-username=NAME --docker-password=…, and name it in imagePullSecrets. It counts for images ' +
      'whose name begins with the address, never for a mirrored docker.io image.',
    kubernetesKey: 'The pull key stands in the image name, so whoever may read the pod may read it.',
    authorityFile: (path) =>
      `The script copies or names ${path}, so that file has to be on the client already.`,
    plainHttp:
      'Plain http: whoever is on the way can read along. What is pulled by digest cannot be changed ' +
      'unnoticed, tags can.',
  },
  files: enFiles,
  page: {
    lang: 'en',
    title: 'Set up a client',
    lead: (address) => `What each kind of client needs to come through ${address}.`,
    more: 'Registries, a pull key, your own certificate and a check are chosen in the console, which needs JavaScript:',
    console: 'open the console',
    all: 'All kinds of clients',
    toScripts: (client) => `A script that does it for ${client}, and one that undoes it`,
    apply: 'Paste this into a terminal on the machine',
    undo: 'This brings back what was there',
    files: 'What the files hold in the end',
    steps: 'What to type',
    reload: 'Then let it read its configuration again',
    test: 'Try it with something small',
    notes: 'Worth knowing',
    clients: {
      docker: 'Docker Engine',
      'docker-desktop': 'Docker Desktop',
      nas: 'NAS',
      containerd: 'containerd, kubeadm',
      k3s: 'k3s, RKE2',
      podman: 'Podman, Buildah',
      crio: 'CRI-O',
      buildkit: 'BuildKit, buildx',
      nerdctl: 'nerdctl',
      skopeo: 'skopeo',
      kubernetes: 'Kubernetes manifests',
      go: 'Go modules',
      huggingface: 'Hugging Face',
      github: 'GitHub files',
      git: 'git, git-lfs',
    },
  },
}
