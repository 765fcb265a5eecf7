// SPDX-License-Identifier: Apache-2.0
import { closeSync, mkdirSync, openSync, statSync, writeSync } from "node:fs";
import ssh2 from "ssh2";
import type { Attributes, SFTPWrapper } from "ssh2";

const { STATUS_CODE, OPEN_MODE } = ssh2.utils.sftp;

/** The part of SFTP that copying to a server takes, over this machine's files. */
export function serveSftp(sftp: SFTPWrapper): void {
    const answer = (request: number, work: () => void): void => {
        try {
            work();
        } catch (error) {
            const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
            sftp.status(request, missing ? STATUS_CODE.NO_SUCH_FILE : STATUS_CODE.FAILURE);
        }
    };
    const ok = (request: number): void => {
        sftp.status(request, STATUS_CODE.OK);
    };
    const attributes = (request: number, path: string): void => {
        answer(request, () => {
            sftp.attrs(request, statSync(path) as unknown as Attributes);
        });
    };
    sftp.on("STAT", attributes);
    sftp.on("LSTAT", attributes);
    sftp.on("MKDIR", (request, path) => {
        answer(request, () => {
            mkdirSync(path);
            ok(request);
        });
    });
    sftp.on("OPEN", (request, path, flags) => {
        answer(request, () => {
            const file = openSync(path, (flags & OPEN_MODE.WRITE) === 0 ? "r" : "w");
            sftp.handle(request, Buffer.of(file));
        });
    });
    sftp.on("WRITE", (request, handle, offset, data) => {
        answer(request, () => {
            writeSync(handle[0] ?? -1, data, 0, data.length, offset);
            ok(request);
        });
    });
    sftp.on("FSETSTAT", ok);
    sftp.on("SETSTAT", ok);
    sftp.on("CLOSE", (request, handle) => {
        answer(request, () => {
            closeSync(handle[0] ?? -1);
            ok(request);
        });
    });
}
