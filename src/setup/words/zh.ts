import type { Words } from './words.ts'
import { zhFiles } from './zh-files.ts'

export const zh: Words = {
  applies: (client, address) => `让 ${client} 通过 ${address} 拉取镜像；改动过的文件旁边都会保留原样的副本。`,
  undoes: (client) => `撤销 ${client} 配置脚本所做的改动。`,
  script: {
    tryIt: '想先试一试而不改动本机：export CACHALOT_ROOT=/某个/目录',
    already: '无需改动：',
    written: '已写入：',
    left: '没有改动：',
    restored: '已恢复：',
    changedSince: '这个文件后来被别人改过，所以只删除了我们加的内容：',
    noJson: '本机没有 jq 也没有 python3，无法合并这个文件；请手动加入以下内容：',
    otherFolder: 'containerd 的 config_path 指向别的目录，请手动把 hosts.toml 放到那里。',
    oldMirrors:
      '同时存在 registry.mirrors 和 config_path 时 containerd 无法启动，请先删除 registry.mirrors。',
    oldVersion: '这份 containerd 配置是第 1 版格式，请参照上面的文件手动加入 config_path。',
    oldRegistries: 'registries.conf 是旧格式（[registries.…]），不支持加速地址，请先改成新格式。',
    byHand: '文件里已有的内容需要手动修改：',
    readable: '本机所有用户都能读到这个文件里的拉取密钥；如果只有 root 需要它，请执行 chmod 600：',
    aboutPut: '文件一次性替换，属主和权限不变；符号链接仍是链接。',
    aboutFolder: '新建的目录会做标记，撤销时只删除这些目录。',
    aboutBase: '没有我们的内容时文件的样子：取副本；如果后来被改过，就去掉我们的行。',
    aboutChange: '由此得到新内容，先留副本，有变化才写入。',
    aboutGuard: '含有拉取密钥的新文件只有 root 可读；原来就有的文件保持原有权限。',
    aboutRestore: '恢复副本；如果后来被改过，只删除我们的行。',
    aboutJson: '用 jq 或 python3 把我们的条目加进 daemon.json 的列表，其余内容保持不变。',
    aboutHosts: '拉取某个仓库的镜像时，最先询问缓存。',
    aboutConfigPath: '只有 config_path 指向这个目录，Kubernetes 拉取时才会读到这些文件。',
    aboutYaml: '往映射里加一项；同一仓库已有其他地址时，我们的排在最前。',
    aboutOthers: '还有哪些文件提到了某个仓库。',
    aboutMirrors: '对这些文件，加速地址加进它们自己的条目，排在其他加速地址之前。',
    aboutDropIn: '其余仓库写进我们自己的文件。',
    aboutAuthority: '把您的 CA 证书放到这个客户端会读取的位置。',
  },
  notes: {
    keyOverHttp: '使用明文 http 时，途经的任何人都能看到拉取密钥。请使用 https。',
    keyReadable: '本机所有用户都能读到这个文件里的拉取密钥，因为非 root 用户运行 podman 时必须读取它。',
    keyNeedsDocker25:
      'Docker Engine 25 之前的版本不接受带路径的加速地址，写入这个密钥后将无法启动：请先用 docker version 确认版本。',
    hubAlone:
      'registry-mirrors 只对 Docker Hub 有效。其他仓库需要 Docker Engine 28 或更高版本，并启用 containerd 镜像存储；旧版本请把地址写在镜像名前面。',
    containerdStore:
      '只有使用 containerd 镜像存储时 hosts.toml 才有效：此时 docker info -f {{.DriverStatus}} 会显示 ' +
      'io.containerd.snapshotter.v1。如果给 docker.io 也写 hosts.toml，registry-mirrors 就会失效。',
    dockerLogin:
      '如果缓存要求登录，Docker 会把 Docker Hub 的账号密码发给它。用作加速地址时，请使用拉取密钥，或允许本网段免登录拉取。',
    dockerStrict: '使用旧的镜像存储时，缓存一旦出错 Docker 就会直接访问 Docker Hub，无法关闭。',
    desktop: '打开 Settings → Docker Engine，把这些键加进已有内容，然后点 Apply & restart。',
    desktopAuthority: (host) =>
      `把您的 CA 证书放到 ~/.docker/certs.d/${host}/ca.crt，或导入系统的证书库，然后重启 Docker Desktop。`,
    nas: '不要覆盖 NAS 上的 daemon.json：里面有 data-root，丢了它所有容器都会看似消失。请使用 NAS 自己的设置界面。',
    nasSynology: '群晖：Container Manager → 注册表 → 设置 → Docker Hub → 编辑 → 启用注册表镜像，填入地址。',
    nasUnraid:
      'Unraid：先停止 Docker，再到 Settings → Docker 设置；或在 /boot/config/go 里把这些键写入 /etc/docker/daemon.json，' +
      '因为该文件重启后会丢失。',
    nasFnos: '飞牛 fnOS：Docker → 镜像加速设置 → 添加地址并移到最前。',
    nasQnap: '威联通：Container Station → 偏好设置 → 加速地址或守护进程设置，视版本而定。',
    readEveryPull:
      'hosts.toml 每次拉取都会重新读取。只有 config.toml 改动后才需要重启；运行中的容器不受影响。',
    ctrNeedsFolder: 'ctr 不读 config.toml：每次都要加 --hosts-dir。',
    podSecret:
      'Pod 的拉取凭据属于镜像所在的仓库；如果加速地址要求登录，containerd 可能会把它发过去。请使用拉取密钥，或免登录拉取。',
    strictHosts: '这里没有列出的仓库仍会直接访问。',
    everyNode:
      '每个节点都要配置，包括 server 节点。RKE2 的同名文件在 /etc/rancher/rke2；脚本会自动选择本机已有的目录。',
    kubeletLastError:
      'kubelet 只显示最后一个地址的错误。缓存返回的内容在 /var/lib/rancher/k3s（或 rke2）下的 agent/containerd/containerd.log 里。',
    k3sStrict:
      'k3s 和 RKE2 从 2024 年 1 月起（1.26.13、1.27.10、1.28.6、1.29.1）才支持 disable-default-registry-endpoint；' +
      '更旧的版本会因此无法启动。',
    podmanLogin: '需要登录时：对缓存的地址执行 podman login，加速地址也会使用这个登录。',
    podmanUserFile:
      '如果存在 ~/.config/containers/registries.conf，就不会再读 /etc/containers/registries.conf。不带仓库的短名按 ' +
      'unqualified-search-registries 查找。',
    skopeoInspect: 'skopeo inspect 会到原仓库列出标签；只能访问缓存时请加 --no-tags。',
    skopeoVariable: 'skopeo 不理会 CONTAINERS_REGISTRIES_CONF。需要登录时：对缓存的地址执行 skopeo login。',
    crioAuth:
      '需要登录时：在 crio.conf 里设置 global_auth_file。crio.conf 的 insecure_registries 已不起作用，由本文件代替。',
    buildxDriver:
      '用于 docker-container 驱动的构建器：docker buildx create --name cached --driver docker-container ' +
      '--buildkitd-config /etc/buildkit/buildkitd.toml --use --bootstrap（旧版 buildx 用 --config）。docker ' +
      '驱动使用 Docker 自身的设置。',
    buildxName:
      '在构建器里，缓存的名字可能指向别处：127.0.0.1 是构建器自己，局域网名字需要 --driver-opt network=host。',
    buildxKey:
      'buildkitd.toml 含有拉取密钥，只有 root 可读，所以 docker buildx create 需要加 sudo 才能读取它。',
    buildkitStrict: '缓存一旦出错，BuildKit 就会直接访问原仓库，无法关闭。',
    nerdctlRootless:
      '无 root 运行时：同样的文件放在 ~/.config/containerd/certs.d 下，且无法访问宿主机的 127.0.0.1。',
    kubernetesNodes: '想让所有 Pod 不改镜像名就用上缓存，请配置节点：见 containerd 或 k3s。',
    kubernetesSecret:
      '需要登录时：kubectl create secret docker-registry cachalot --docker-server=地址 --docker-username=用户名 ' +
      '--docker-password=…，并写进 imagePullSecrets。它只对以该地址开头的镜像名有效，对经加速地址拉取的 docker.io 镜像无效。',
    kubernetesKey: '拉取密钥写在镜像名里，能查看 Pod 的人都能看到它。',
    authorityFile: (path) => `脚本会复制或引用 ${path}，所以客户端上必须已有这个文件。`,
    plainHttp: '明文 http：途经的人可以看到内容。按摘要拉取的内容无法被悄悄篡改，按标签拉取的可以。',
  },
  files: zhFiles,
  page: {
    lang: 'zh-CN',
    title: '接入客户端',
    lead: (address) => `各种客户端使用 ${address} 所需的配置。`,
    more: '选择镜像仓库、拉取密钥、自有证书以及检查是否生效，请使用控制台（需要 JavaScript）：',
    console: '打开控制台',
    all: '所有客户端',
    toScripts: (client) => `为 ${client} 完成配置的脚本，以及撤销脚本`,
    apply: '在该机器的终端中运行',
    undo: '撤销：恢复原有内容',
    files: '配置文件最终的内容',
    steps: '要执行的命令',
    reload: '然后让它重新读取配置',
    test: '用很小的内容试一试',
    notes: '注意事项',
    clients: {
      docker: 'Docker Engine',
      'docker-desktop': 'Docker Desktop',
      nas: 'NAS',
      containerd: 'containerd、kubeadm',
      k3s: 'k3s、RKE2',
      podman: 'Podman、Buildah',
      crio: 'CRI-O',
      buildkit: 'BuildKit、buildx',
      nerdctl: 'nerdctl',
      skopeo: 'skopeo',
      kubernetes: 'Kubernetes 清单文件',
      go: 'Go 模块',
      huggingface: 'Hugging Face',
      github: 'GitHub 文件',
      git: 'git、git-lfs',
    },
  },
}
