/**
 * Content types of files by the ends of their names.
 *
 * @module
 */
import { getMimeType, mimes } from "hono/utils/mime";

/** Types of frontends and their media that Hono's table does not have. */
const TYPES: Record<string, string> = {
  ...mimes,
  cjs: "text/javascript; charset=utf-8",
  flac: "audio/flac",
  graphql: "application/graphql; charset=utf-8",
  heic: "image/heic",
  jxl: "image/jxl",
  m3u8: "application/vnd.apple.mpegurl",
  m4a: "audio/mp4",
  m4v: "video/mp4",
  md: "text/markdown; charset=utf-8",
  mov: "video/quicktime",
  mpd: "application/dash+xml",
  ndjson: "application/x-ndjson",
  vtt: "text/vtt; charset=utf-8",
  wav: "audio/wav",
  yaml: "application/yaml",
  yml: "application/yaml",
};

/** Returns the content type of a file; that of any bytes if its name does not tell. */
export function typeOfFile(name: string): string {
  return getMimeType(name, TYPES) ?? "application/octet-stream";
}
