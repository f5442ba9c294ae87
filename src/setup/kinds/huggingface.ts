import { CHECK_NAME } from '../plan.ts'
import { quoted } from '../quote.ts'
import { type Client, info } from './client.ts'
import { toldByCommands } from './files.ts'

/** A file of less than a kilobyte. */
const SMALL = 'openai-community/gpt2 config.json'

export const huggingface: Client = (plan, words) => {
  const { files } = words
  const { mirror, nonce, ca } = plan
  const endpoint = `${mirror}/hf`
  const wanted = nonce === undefined ? SMALL : `${CHECK_NAME}/${nonce} config.json`
  return toldByCommands(plan, words, {
    steps: [
      { title: files.thisShell, text: `export HF_ENDPOINT=${endpoint}` },
      { title: files.onlyOnce, text: `HF_ENDPOINT=${endpoint} hf download openai-community/gpt2` },
      {
        title: files.inPython,
        text: `import os\nos.environ["HF_ENDPOINT"] = ${quoted(endpoint)}\n\nfrom transformers import AutoModel`,
      },
      { title: files.withLlama, text: `HF_ENDPOINT=${endpoint}/ llama-cli -hf ggml-org/gemma-3-1b-it-GGUF` },
      {
        title: files.inJavascript,
        text: `await downloadFile({ hubUrl: ${quoted(endpoint)}, repo: "openai-community/gpt2", path: "config.json" })`,
      },
    ],
    test: `HF_ENDPOINT=${endpoint} hf download ${wanted}`,
    notes: [
      info(files.hubBeforeImport),
      info(files.hubOldCommand),
      info(files.hubTokens),
      ...(ca === undefined ? [] : [info(files.hubAuthority(ca))]),
    ],
  })
}
