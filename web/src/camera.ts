// A photo by the camera: on a phone by its own camera program, elsewhere in a dialog here.

import { el, id, on, word } from "./dom";
import { t, translated } from "./words";

const QUALITY = 0.92;

export function cameraButton(take: (photos: File[]) => void): HTMLElement[] {
  const button = word("button", "photo", { type: "button", class: "second" });
  const phone = el("input", { type: "file", accept: "image/*", capture: "environment", class: "hidden", tabindex: -1, "aria-hidden": "true" });
  on(phone, "change", () => {
    take([...(phone.files ?? [])]);
    phone.value = "";
  });
  const title = word("h2", "camera", { id: id() });
  const video = el("video", { playsinline: true, autoplay: true });
  video.muted = true;
  translated(() => video.setAttribute("aria-label", t("cameraView")), video);
  const fault = el("p", { class: "alert", role: "alert" });
  const shoot = word("button", "shoot", { type: "button" });
  const cancel = word("button", "cancel", { type: "button", class: "second" });
  const dialog = el("dialog", { "aria-labelledby": title.id }, title, video, fault, el("div", { class: "row" }, shoot, cancel));

  let stream: MediaStream | undefined;
  on(dialog, "close", () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = undefined;
    video.srcObject = null;
    button.focus();
  });
  on(cancel, "click", () => dialog.close());
  on(shoot, "click", () => {
    const canvas = el("canvas", { width: video.videoWidth, height: video.videoHeight });
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    canvas.toBlob((blob) => {
      if (blob) take([new File([blob], "photo.jpg", { type: "image/jpeg" })]);
      dialog.close();
    }, "image/jpeg", QUALITY);
  });
  on(button, "click", async () => {
    // A phone's own program focuses and lights better than a page can.
    if (matchMedia("(pointer: coarse)").matches || !navigator.mediaDevices) return phone.click();
    fault.hidden = true;
    video.hidden = false;
    shoot.disabled = true;
    dialog.showModal();
    try {
      const wanted = { width: { ideal: 4096 }, height: { ideal: 2160 }, facingMode: "environment" };
      const opened = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
      if (!dialog.open) return opened.getTracks().forEach((track) => track.stop());
      stream = opened;
      video.srcObject = opened;
      await video.play();
      shoot.disabled = false;
      shoot.focus();
    } catch {
      fault.textContent = t("noCamera");
      fault.hidden = false;
      video.hidden = true;
      cancel.focus();
    }
  });
  return [button, phone, dialog];
}
