/** What the pictures on buttons draw, in a square of 24. Each is a constant: a bundle has only those that it uses. */
export const CHAT = "M12 3.5c5 0 9 3.4 9 7.7s-4 7.7-9 7.7c-1 0-2-.1-2.9-.4L4.5 20.5l.9-3.6C3.9 15.5 3 13.5 3 11.2 3 6.9 7 3.5 12 3.5z";
export const DOWN = "M6 9.5l6 6 6-6";
export const CLOSE = "M6 6l12 12M18 6L6 18";
export const SEND = "M12 19V5M5.5 11.5L12 5l6.5 6.5";
export const STOP = "M8 8h8v8H8z";
export const ANEW = "M12 5H7a3 3 0 0 0-3 3v9a3 3 0 0 0 3 3h9a3 3 0 0 0 3-3v-5M18.5 3.5l2 2L12 14l-2.8.8L10 12z";
export const COPY = "M9 9h9.5v10.5H9zM15 9V4.5H5.5V15H9";
export const DONE = "M5 12.5l4.5 4.5L19 7.5";
export const EDIT = "M4 20l1-4L16 5l3 3L8 19z";
export const AGAIN = "M19.5 12a7.5 7.5 0 1 1-2.2-5.3L20 9M20 4v5h-5";
export const UP = "M7 11v9H4v-9zM7 11l4-8c1.7 0 2.7 1.2 2.4 2.8L12.9 9H18a2 2 0 0 1 2 2.4l-1.3 6.6a2.5 2.5 0 0 1-2.5 2H7";
export const BAD = "M7 13V4H4v9zM7 13l4 8c1.7 0 2.7-1.2 2.4-2.8l-.5-3.2H18a2 2 0 0 0 2-2.4L18.7 6a2.5 2.5 0 0 0-2.5-2H7";
export const ALERT = "M12 8v5M12 16.5v.1M12 3l9.5 17h-19z";
