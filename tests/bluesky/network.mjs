// A network of Bluesky's own servers on loopback: directory of DIDs, PDS, AppView with its data plane. Prints one line of JSON with their
// addresses, and one {"done": sequence} for every line on standard input once the AppView has read all that the PDS has told; ends when
// standard input ends.
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'

const { TestNetwork } = createRequire(import.meta.url)('@atproto/dev-env')

const network = await TestNetwork.create({
  dbPostgresSchema: 'resurge',
  pds: { rateLimitsEnabled: true },
})
const told = (thing) => process.stdout.write(`${JSON.stringify(thing)}\n`)
told({ pds: network.pds.url, appview: network.bsky.url, plc: network.plc.url, admin: network.pds.adminAuth() })
for await (const _ of createInterface({ input: process.stdin })) {
  await network.processAll(60_000)
  told({ done: await network.pds.ctx.sequencer.curr() })
}
await network.close()
process.exit(0)
