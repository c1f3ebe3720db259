import type { BoxLink } from '../exec/command';
import { Deadline } from '../util/deadline';
import { FileCall } from './call';

/** A file as a web stream that pulls only when it is read. The caller's signal ends it, its timeout is over with the opening. */
export async function openStream(
  link: BoxLink,
  request: object,
  opening: Deadline,
  signal: AbortSignal | undefined,
): Promise<ReadableStream<Uint8Array>> {
  const life = Deadline.of(signal ? { signal } : {}, 'open');
  const call = new FileCall(link, request, life);
  const dispose = () => life[Symbol.dispose]();
  call.ended.then(dispose, dispose);
  try {
    await opening.race(call.started);
  } catch (error) {
    await call[Symbol.asyncDispose]();
    throw error;
  }
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const chunk = await call.output.take();
        if (chunk) return controller.enqueue(chunk);
        await call.ended;
        controller.close();
      },
      cancel: () => call[Symbol.asyncDispose](),
    },
    { highWaterMark: 0 },
  );
}
