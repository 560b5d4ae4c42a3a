import { connect } from "node:tls";

/**
 * The certificate that this machine's own server shows, in PEM form: it need not be signed by anybody to be trusted by the
 * process that serves it.
 */
export function certificateOf(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, rejectUnauthorized: false }, () => {
      const { raw } = socket.getPeerCertificate(true);
      socket.destroy();
      const text = btoa(String.fromCharCode(...raw));
      const lines = text.replace(/.{64}/g, "$&\n");
      resolve(
        `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
      );
    });
    socket.on("error", reject);
  });
}
