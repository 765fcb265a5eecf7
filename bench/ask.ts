// SPDX-License-Identifier: Apache-2.0
/** Questions to the services over the network, as anybody outside could ask them. No answer is an answer: an empty one. */
import { connect } from "node:net";

const patience = 3000; // milliseconds

/** Body of a web page, or nothing. */
export async function page(url: string, method = "GET"): Promise<string> {
    try {
        const answer = await fetch(url, { method, signal: AbortSignal.timeout(patience) });
        return answer.ok ? await answer.text() : "";
    } catch {
        return "";
    }
}

/** What a server says to a line, until it closes the connection. With an empty line: only whether it takes connections, as `open`. */
export function line(host: string, port: number, text: string): Promise<string> {
    return new Promise((resolve) => {
        let said = "";
        const socket = connect(port, host);
        const end = (answer: string) => {
            socket.destroy();
            resolve(answer);
        };
        socket.setTimeout(patience, () => {
            end("");
        });
        socket.setEncoding("utf8");
        socket.on("connect", () => {
            if (text === "") end("open");
            else socket.write(`${text}\n`);
        });
        socket.on("data", (part: string) => {
            said += part;
        });
        socket.on("end", () => {
            end(said);
        });
        socket.on("error", () => {
            end("");
        });
    });
}

/** Whether a port takes connections. */
export const isOpen = async (host: string, port: number): Promise<boolean> =>
    (await line(host, port, "")) === "open";
